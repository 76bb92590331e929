/** The `globalThis` of a realm: the platform's, overlaid with the tab's own properties. */
export const realmGlobal: Record<string, unknown> = Object.create(global);
