// What does the published JSON Schema say about a value? References followed, nothing repeated here.

import { UNCONNECTED } from "./document.js";

export class Schema {
  /** @param {any} whole The document of GET /v1/recovery/flow_schema. */
  constructor(whole) {
    this.whole = whole;
  }

  /** Follow a reference; take `null` out of a choice and say that it may be left out. */
  of(schema) {
    if (schema.$ref) {
      const { $ref, ...beside } = schema;
      const name = $ref.split("/").at(-1);
      return { name, ...this.whole.$defs[name], ...beside };
    }
    const without = schema.anyOf?.filter((one) => one.type !== "null");
    if (without && without.length < schema.anyOf.length) {
      const { anyOf, ...beside } = schema;
      const inner = without.length === 1 ? this.of(without[0]) : { anyOf: without };
      return { ...inner, ...beside, mayBeAbsent: true };
    }
    return schema;
  }

  /** Return the schema of a kind of step. @param {string} kind */
  step(kind) {
    return this.of({ $ref: Object.values(this.whole.properties.steps.patternProperties)[0].discriminator.mapping[kind] });
  }

  /** Return the schema of a property of the flow itself. @param {string} name */
  flow(name) {
    return this.of(this.whole.properties[name]);
  }

  /** Say whether the value is a condition, which has a form of its own. */
  isCondition(schema) {
    return Boolean(schema.anyOf?.some((one) => one.$ref === "#/$defs/Comparison"));
  }

  /** Return the least that the schema takes. @param {any} given @param {any[]} [beside] Its siblings. */
  blank(given, beside = []) {
    const schema = this.of(given);
    if ("default" in schema && schema.default !== null) return structuredClone(schema.default);
    if ("const" in schema) return schema.const;
    if (this.isCondition(schema)) return { fact: "decline_class", op: "eq", value: "soft" };
    if (schema.discriminator) return this.blank(schema.oneOf[0]);
    if (schema.enum) return schema.enum[0];
    if (schema.type === "object") {
      const made = {};
      for (const [name, inner] of Object.entries(schema.properties)) {
        if (this.of(inner).mayBeAbsent) continue;
        made[name] = this.blank(inner);
      }
      if (schema.name === "Goal") made.name = `goal_${beside.length + 1}`;
      if (schema.name === "Arm") made.name = "abcdefghijkl"[beside.length];
      return made;
    }
    if (schema.type === "array") return Array.from({ length: schema.minItems ?? 0 }, () => this.blank(schema.items));
    if (schema.type === "integer") return schema.minimum ?? 0;
    if (schema.type === "boolean") return false;
    return schema.format === "step" ? UNCONNECTED : "";
  }
}
