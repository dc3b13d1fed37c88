/** Mantine, dressed in the desk's tokens: one accent, small even sizes. */

import {
  Button,
  type CSSVariablesResolver,
  createTheme,
  type MantineColorsTuple,
  Menu,
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
  "#4674e8",
  "#1f55d1",
  "#1a4ab8",
  "#163e9b",
  "#11317c",
];

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 5 },
  colors: { accent },
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
};

export const variables: CSSVariablesResolver = () => ({ variables: {}, light: SHARED, dark: SHARED });
