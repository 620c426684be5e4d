/** Most deposits that one `resume` may name; whoever watches more asks several times. Free of zod, for the client. */
export const resumeMaxDeposits = 100
