import "@mantine/core/styles.layer.css";
import "@mantine/spotlight/styles.layer.css";
import "@fontsource-variable/inter/wght.css";
import "./shell/tokens.css";
import { createRoot } from "react-dom/client";
import "./i18n";
import { App } from "./shell/App";

const root = document.getElementById("root");
if (root === null) throw new Error('index.html has no <div id="root">');
createRoot(root).render(<App />);
