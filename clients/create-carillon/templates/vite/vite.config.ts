import react from "@vitejs/plugin-react";
import { defineConfig, loadEnv } from "vite";

import { backend } from "./server/backend.ts";

export default defineConfig(({ mode }) => ({
  plugins: [react(), backend(loadEnv(mode, process.cwd(), ""))],
}));
