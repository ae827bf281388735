/** The step of the schema that keeps what was read of standard output beside it, as JSON, or the problem with it. */
export const resultStep = `
  alter table outputs add column structured text;
  alter table outputs add column structured_problem text;
`;
