// Hundreds of edits over the builder's own modules, drawn from a fixed seed; returns what is wrong.
async (documents) => {
    const { add, connect, exits, KINDS, put, remove, rename, UNCONNECTED } =
        await import("/static/flows/document.js");
    const { History } = await import("/static/flows/history.js");
    const { layOut, WIDTH } = await import("/static/flows/layout.js");
    const faults = [];
    let seed = 7;
    const below = (n) => { seed = (seed * 48271) % 2147483647; return seed % n; };
    const one = (list) => list[below(list.length)];
    const freeze = (value) => {
        if (value && typeof value === "object") { Object.freeze(value); Object.values(value).forEach(freeze); }
        return value;
    };
    for (const [name, document] of Object.entries(documents)) {
        const drawn = layOut(document), again = layOut(structuredClone(document));
        const same = JSON.stringify([...drawn.places]) === JSON.stringify([...again.places]);
        if (!same) faults.push(`${name}: drawn in two ways`);
        const boxes = [...drawn.places.values()];
        boxes.forEach((a, n) => boxes.slice(n + 1).forEach((b) => {
            if (Math.abs(a.x - b.x) < WIDTH && a.y < b.y + b.h && b.y < a.y + a.h) faults.push(`${name}: boxes overlap`);
        }));
        const text = JSON.stringify(document), history = new History(freeze(document));
        let edits = 0;
        for (let n = 0; n < 60; n += 1) {
            const flow = history.flow, ids = Object.keys(flow.steps), id = one(ids), way = one(exits(flow, id));
            const made = [
                () => add(flow, one(KINDS), { after: one(["", id]) })[0],
                () => add(flow, one(KINDS), { place: { x: below(900), y: below(900) } })[0],
                () => (way ? connect(flow, id, way.port, one(ids)) : flow),
                () => remove(flow, id),
                () => rename(flow, id, `name_${below(50)}`),
                () => put(flow, id, { x: below(900), y: below(900) }),
            ][below(6)]();
            edits += history.edit(freeze(made)) ? 1 : 0;
            const known = new Set([UNCONNECTED, ...Object.keys(made.steps)]);
            const ways = ["", ...Object.keys(made.steps)].flatMap((step) => exits(made, step));
            if (ways.some((each) => !known.has(each.to))) faults.push(`${name}: a way leads to what is gone`);
            layOut(made);
        }
        const last = JSON.stringify(history.flow);
        for (let n = 0; n < edits; n += 1) history.undo();
        if (JSON.stringify(history.flow) !== text) faults.push(`${name}: undone it is another`);
        for (let n = 0; n < edits; n += 1) history.redo();
        if (JSON.stringify(history.flow) !== last) faults.push(`${name}: done again it is another`);
    }
    return faults;
}
