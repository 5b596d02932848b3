/** Does one call of the pipeline; false when not even an answer could be written. */
export const call: (folder: string, session: string, number: number, request: string) => Promise<boolean>;

/** What the call at work said last. */
export const lastLine: () => string;
