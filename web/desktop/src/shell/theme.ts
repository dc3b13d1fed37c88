/** Mantine, dressed in the desk's tokens: one accent, small even sizes. */

import {
  Button,
  type CSSVariablesResolver,
  createTheme,
  Drawer,
  type MantineColorsTuple,
  Menu,
  Modal,
  PasswordInput,
  Select,
  Textarea,
  TextInput,
  Tooltip,
} from "@mantine/core";

const accent: MantineColorsTuple = [
  "#eef3fe",
  "#dbe6fc",
  "#b6ccf8",
  "#8fb0ff",
  "#6a92f2",
  "#3c68dc",
  "#1f55d1",
  "#1a4ab8",
  "#163e9b",
  "#11317c",
];

/** Mantine's dark surfaces, in the desk's greys: 0 text … 4 borders, 6 fields, 7 surface. */
const dark: MantineColorsTuple = [
  "#e9edf3",
  "#c3cad5",
  "#9ba6b7",
  "#8a95a6",
  "#364153",
  "#262e3b",
  "#10151d",
  "#161b25",
  "#0d1118",
  "#0a0d13",
];

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 5 },
  colors: { accent, dark },
  fontFamily: "var(--font-ui)",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, Consolas, monospace",
  defaultRadius: 8,
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  components: {
    Button: Button.extend({ defaultProps: { size: "sm" } }),
    TextInput: TextInput.extend({ defaultProps: { size: "sm" } }),
    PasswordInput: PasswordInput.extend({ defaultProps: { size: "sm" } }),
    Select: Select.extend({ defaultProps: { size: "sm" } }),
    Textarea: Textarea.extend({ defaultProps: { size: "sm" } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, withArrow: true } }),
    // A dialog's heading is not the page's banner.
    Modal: Modal.extend({ defaultProps: { attributes: { header: { role: "none" } } } }),
    Drawer: Drawer.extend({ defaultProps: { attributes: { header: { role: "none" } } } }),
    Menu: Menu.extend({ defaultProps: { shadow: "md", withinPortal: true } }),
  },
});

const SHARED = {
  "--mantine-color-body": "var(--surface)",
  "--mantine-color-text": "var(--ink)",
  "--mantine-color-dimmed": "var(--dim)",
  "--mantine-color-default": "var(--surface)",
  "--mantine-color-default-hover": "var(--sunken)",
  "--mantine-color-default-color": "var(--ink)",
  "--mantine-color-default-border": "var(--line)",
  "--mantine-color-placeholder": "var(--dim)",
  "--mantine-color-error": "var(--bad)",
  "--mantine-color-anchor": "var(--accent-ink)",
  "--mantine-color-accent-light": "var(--accent-soft)",
  "--mantine-color-accent-light-hover": "var(--accent-soft)",
  "--mantine-color-accent-light-color": "var(--accent-ink)",
};

export const variables: CSSVariablesResolver = () => ({ variables: {}, light: SHARED, dark: SHARED });
