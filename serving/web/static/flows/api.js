// How does a page's script ask /v1? With the session's cookie, and the token that no other site knows.

/** What the API refuses, with what to do about it. */
export class Refusal extends Error {
  /** @param {any} problem RFC 9457 */
  constructor(problem, status) {
    super([problem.detail ?? problem.title ?? `The server answered ${status}.`, problem.next_step].filter(Boolean).join(" "));
    this.status = status;
    this.detail = problem.detail ?? "";
  }
}

export class Api {
  /** @param {string} workspace @param {string} token Against forgery. */
  constructor(workspace, token) {
    this.headers = { "X-Workspace-Id": workspace, "X-CSRF-Token": token };
  }

  get(path) {
    return this.#ask("GET", path);
  }

  put(path, body) {
    return this.#ask("PUT", path, body);
  }

  post(path, body) {
    return this.#ask("POST", path, body);
  }

  delete(path) {
    return this.#ask("DELETE", path);
  }

  async #ask(method, path, body) {
    const headers = { ...this.headers };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (method === "POST") headers["Idempotency-Key"] = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    const answer = await fetch(`/v1/recovery/${path}`, { method, headers, body: body && JSON.stringify(body), credentials: "same-origin" });
    if (answer.status === 204) return null;
    const read = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Refusal(read, answer.status);
    return read;
  }
}
