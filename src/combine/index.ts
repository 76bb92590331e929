export { type EntryContext, type PerEntryOptions, perEntry, type SendEntry } from './per-entry.ts';
export { type Route, type RoutesByTable, route } from './route.ts';
