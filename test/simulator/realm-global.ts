/** What a realm's code finds as `globalThis`: the platform's, and over it what a tab has of its own. */
export const realmGlobal: Record<string, unknown> = Object.create(global);
