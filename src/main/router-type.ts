import type { createRouter } from './router.ts'

/** The published shape of the API. Imported as a type alone: nothing of the server comes with it. */
export type AppRouter = ReturnType<typeof createRouter>
