// The pages of the guide, in the order in which they are offered: for the sidebar, and for llms.txt.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
const entries = Object.keys(manifest.exports).filter((entry) => /^\.\/\w+$/.test(entry)); // './http', …

export interface Page {
  text: string;
  link: string;
  /** What it is about, for llms.txt; generated pages have none. */
  about?: string;
}

export interface Group {
  text: string;
  items: Page[];
  collapsed?: boolean;
}

export const pages: Group[] = [
  {
    text: 'Start',
    items: [
      {
        text: 'Quick start',
        link: '/guide/quick-start',
        about: 'installing and connecting on the web, React Native, Node, Capacitor and Electron',
      },
      {
        text: 'What happens to one write',
        link: '/guide/one-write',
        about: 'the steps of an upload, and what can happen in between',
      },
      {
        text: 'Moving from a copied connector',
        link: '/guide/moving',
        about:
          'what replaces the connectors of the Supabase, self-host, reference and Django demos, and others',
      },
      {
        text: 'Other ways to do it',
        link: '/guide/comparison',
        about: "copying a demo, writing it yourself, and when this package isn't needed",
      },
    ],
  },
  {
    text: 'The backend',
    items: [
      {
        text: 'Choosing a transport',
        link: '/guide/choosing-a-transport',
        about: 'by your backend, and by what you need',
      },
      {
        text: 'Transports',
        link: '/guide/transports',
        about: 'an example of each transport, and how to write your own',
      },
      {
        text: 'The server',
        link: '/guide/server',
        about: 'the write endpoint as a package: rules, databases, conflicts, and the contract',
      },
      {
        text: 'Supabase',
        link: '/guide/supabase',
        about: 'table by table, by an SQL function, by an Edge Function; row-level security; Neon',
      },
      {
        text: 'GraphQL',
        link: '/guide/graphql',
        about: 'one mutation for a batch, or a mutation for each entry; Hasura, PostGraphile; error codes',
      },
      {
        text: 'gRPC and Connect',
        link: '/guide/grpc',
        about: 'the service definition, a server, what each status means',
      },
      {
        text: 'Published backends',
        link: '/guide/presets',
        about: 'presets for the published example backends, and their traps',
      },
      {
        text: 'Changing entries',
        link: '/guide/transforms',
        about: 'names, booleans, JSON, dates, nulls, encryption, coalescing; writes from before an update',
      },
      {
        text: 'Idempotency on your server',
        link: '/guide/idempotency',
        about: 'storing keys in PostgreSQL, MySQL, SQL Server and MongoDB, and for how long',
      },
      {
        text: 'Backends that write later',
        link: '/guide/asynchronous-backends',
        about: 'checkpoint requests',
      },
      {
        text: 'Verifying a backend',
        link: '/guide/verify',
        about: 'the command that lists what a backend gets wrong',
      },
    ],
  },
  {
    text: 'The app',
    items: [
      {
        text: 'Tokens',
        link: '/guide/tokens',
        about: 'signed out or unknown, refreshing, sharing a cache, other providers',
      },
      {
        text: 'Rejected writes',
        link: '/guide/rejected-writes',
        about: 'listing, notifying once, retrying with edits, holding; policies',
      },
      {
        text: 'Owners and leaving',
        link: '/guide/owners-and-leaving',
        about: 'several users in one database file; signing out without losing writes',
      },
      {
        text: 'Observability',
        link: '/guide/observability',
        about: 'status, events, inspecting the queue, self-check, OpenTelemetry',
      },
      { text: 'React Native', link: '/guide/react-native', about: 'Hermes, Metro, background tasks' },
      { text: 'Runtimes', link: '/guide/runtimes', about: 'where it runs, and how that is tested' },
      {
        text: 'Testing',
        link: '/guide/testing',
        about: 'a queue in memory, time, tokens, connectors of your own',
      },
      {
        text: 'Mock backends',
        link: '/guide/testing-mocks',
        about: 'scripted backends, for msw or as a fetch',
      },
    ],
  },
  {
    text: 'Reference',
    items: [
      { text: 'Options', link: '/guide/options', about: 'every option and its default' },
      { text: 'Errors', link: '/guide/errors', about: 'every code: what happened, your data, what to do' },
      { text: 'Troubleshooting', link: '/guide/troubleshooting', about: 'symptom, cause, fix' },
      {
        text: 'Security',
        link: '/guide/security',
        about: 'what the library does, and what app and backend must do',
      },
    ],
  },
  {
    text: 'API',
    collapsed: true,
    items: [
      { text: 'main entry', link: '/api/' },
      ...entries.map((entry) => ({ text: entry.slice(1), link: `/api${entry.slice(1)}` })),
    ],
  },
  {
    text: 'How it is made',
    items: [
      { text: 'Reliability', link: '/reliability', about: 'how the promises are checked' },
      { text: 'Performance', link: '/performance', about: 'measured against other connectors' },
      { text: 'Decisions', link: '/decisions/', about: 'why it was built this way' },
    ],
  },
];
