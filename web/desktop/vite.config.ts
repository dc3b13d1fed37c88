import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const SERVER = process.env.CALLCENTER_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  // Everything but index.html lies under assets/, so the server mounts one folder; nothing is inlined as
  // a data: address, so the content policy needs no exception for images or fonts.
  // The limit that counts is the compressed first load: scripts/bundle-size.mjs.
  build: {
    chunkSizeWarningLimit: 700,
    target: "es2022",
    assetsInlineLimit: 0,
    manifest: true,
    sourcemap: false,
  },
  server: { proxy: { "/api": { target: SERVER, ws: true } } },
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
  },
});
