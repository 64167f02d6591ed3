import js from "@eslint/js"
import globals from "globals"
import svelte from "eslint-plugin-svelte"
import ts from "typescript-eslint"

/** Rooms of the product; imports go one way (docs/architecture.md). */
const rooms = ["agent", "cloud", "web", "cli", "demo"]

/** A room may import `shared` and itself. `cli` also starts the other rooms (npm start) through their one entry point. */
const roomRule = (room) => ({
  files: [`${room}/**/*.{ts,svelte}`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          ...rooms
            .filter((other) => other !== room)
            .map((other) => ({
              group: other === "web" ? ["#lib/*", "**/web/src/**"] : [`#${other}/*`, `**/${other}/src/**`],
              message: `${room} does not import ${other}; they meet in shared`,
            })),
          { group: ["#test/*"], message: "product code does not import tests" },
        ],
      },
    ],
  },
})

export default ts.config(
  { ignores: ["**/node_modules", "**/dist", "web/build", "**/.svelte-kit", ".smm", "web/static"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs["flat/recommended"],
  { languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  {
    files: ["{shared,agent,cloud,cli,demo,test}/**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/await-thenable": "error",
    },
  },
  {
    files: ["**/*.{ts,svelte}"],
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/no-invalid-void-type": "off",
      "no-console": "error",
      complexity: ["error", 16],
      "max-depth": ["error", 4],
      "max-params": ["error", 5],
    },
  },
  {
    files: ["shared/src/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["node:*"], message: "shared is pure: no Node API" },
            {
              group: [...rooms.map((room) => `#${room}/*`), "#lib/*", "#test/*"],
              message: "shared imports nothing of ours",
            },
          ],
        },
      ],
      "no-restricted-globals": ["error", "process", "Buffer", "setTimeout", "setInterval", "fetch"],
      "no-restricted-syntax": [
        "error",
        {
          selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
          message: "shared has no clock",
        },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: "shared has no clock" },
        {
          selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
          message: "shared has no randomness",
        },
      ],
    },
  },
  ...rooms.filter((room) => room !== "cli").map(roomRule),
  {
    files: ["web/**/*.svelte", "web/**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      "svelte/no-navigation-without-resolve": "off",
      "no-undef": "off",
      "prefer-const": "off",
    },
  },
  { files: ["**/*.ts"], rules: { "no-undef": "off" } },
  {
    files: ["cli/**", "**/*.mjs", "test/bench/**", "test/e2e/**", "test/real/**", "demo/src/main.ts"],
    rules: { "no-console": "off" },
  },
  { files: ["**/*.test.ts", "test/**/*.ts"], rules: { complexity: "off", "max-params": "off" } },
)
