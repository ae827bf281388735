/** The gateway serves unsafe.js from src/core/text.ts: the rule of the terminal is the rule of the page. */
export const unsafe: RegExp;
