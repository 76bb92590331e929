// The pages of the guide, in the order in which they are offered: for the sidebar, and for llms.txt.

export interface Page {
  text: string;
  link: string;
}

export interface Group {
  text: string;
  items: Page[];
}

export const pages: Group[] = [
  {
    text: 'Start',
    items: [
      { text: 'Quick start', link: '/guide/quick-start' },
      { text: 'What happens to one write', link: '/guide/one-write' },
      { text: 'Moving from a copied connector', link: '/guide/moving' },
      { text: 'Other ways to do it', link: '/guide/comparison' },
    ],
  },
  {
    text: 'The backend',
    items: [
      { text: 'Choosing a transport', link: '/guide/choosing-a-transport' },
      { text: 'Transports', link: '/guide/transports' },
      { text: 'Supabase', link: '/guide/supabase' },
      { text: 'GraphQL', link: '/guide/graphql' },
      { text: 'gRPC and Connect', link: '/guide/grpc' },
      { text: 'Published backends', link: '/guide/presets' },
      { text: 'Changing entries', link: '/guide/transforms' },
      { text: 'Idempotency on your server', link: '/guide/idempotency' },
      { text: 'Backends that write later', link: '/guide/asynchronous-backends' },
      { text: 'Verifying a backend', link: '/guide/verify' },
    ],
  },
  {
    text: 'The app',
    items: [
      { text: 'Tokens', link: '/guide/tokens' },
      { text: 'Rejected writes', link: '/guide/rejected-writes' },
      { text: 'Owners and leaving', link: '/guide/owners-and-leaving' },
      { text: 'Observability', link: '/guide/observability' },
      { text: 'React Native', link: '/guide/react-native' },
      { text: 'Runtimes', link: '/guide/runtimes' },
      { text: 'Testing', link: '/guide/testing' },
      { text: 'Mock backends', link: '/guide/testing-mocks' },
    ],
  },
  {
    text: 'Reference',
    items: [
      { text: 'Options', link: '/guide/options' },
      { text: 'Errors', link: '/guide/errors' },
      { text: 'Troubleshooting', link: '/guide/troubleshooting' },
      { text: 'Security', link: '/guide/security' },
      { text: 'API', link: '/api/' },
    ],
  },
  {
    text: 'How it is made',
    items: [
      { text: 'Reliability', link: '/reliability' },
      { text: 'Performance', link: '/performance' },
      { text: 'Decisions', link: '/decisions/' },
    ],
  },
];
