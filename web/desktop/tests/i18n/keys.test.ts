import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "../../src/i18n/en";
import { zh } from "../../src/i18n/zh";

function* texts(node: object, path = ""): Generator<[string, string]> {
  for (const [key, value] of Object.entries(node)) {
    if (typeof value === "string") yield [path + key, value];
    else yield* texts(value, `${path}${key}.`);
  }
}

const EN = new Map(texts(en));
const ZH = new Map(texts(zh));
const SRC = join(process.cwd(), "src");

function sources(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("i18n"))
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
}

describe("the languages", () => {
  it("have exactly the same keys", () => {
    expect([...ZH.keys()].sort()).toEqual([...EN.keys()].sort());
  });

  it("leave no text empty", () => {
    for (const [key, text] of [...EN, ...ZH]) expect(text.trim(), key).not.toBe("");
  });

  it("put the same values into the same sentence", () => {
    const values = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();
    for (const [key, text] of EN) expect(values(ZH.get(key) ?? ""), key).toEqual(values(text));
  });

  it("say everything in Chinese: no English sentence was left", () => {
    const name = /^(VIP|\{\{\w+\}\})$/;
    for (const [key, text] of ZH) if (!name.test(text)) expect(text, key).toMatch(/\p{Script=Han}/u);
  });

  it("have no text that nothing shows", () => {
    const code = sources(SRC);
    const built = new Set([...code.matchAll(/t\(`([\w.]+)\.\$\{/g)].map((match) => match[1]));
    const unused = [...EN.keys()].filter((key) => {
      const base = key.replace(/_(one|other)$/, "");
      const group = key.slice(0, key.lastIndexOf("."));
      return !code.includes(`"${base}"`) && !built.has(group);
    });
    expect(unused).toEqual([]);
  });
});
