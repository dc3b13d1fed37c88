import { cleanup } from "@testing-library/react";
import { afterEach, beforeEach } from "vitest";
import { i18n } from "../src/i18n";

beforeEach(async () => {
  localStorage.clear();
  await i18n.changeLanguage("en");
});

afterEach(cleanup);

// What Mantine's fields ask of a browser and happy-dom does not have.
if (!("fonts" in document)) Object.defineProperty(document, "fonts", { value: new EventTarget() });
