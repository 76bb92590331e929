// Addresses. They come from the environment or .env when the app is built: see .env.example.

export const POWERSYNC_URL = required('VITE_POWERSYNC_URL', import.meta.env.VITE_POWERSYNC_URL);
export const BACKEND_URL = required('VITE_BACKEND_URL', import.meta.env.VITE_BACKEND_URL);

function required(name: string, value: string | undefined): string {
  if (!value)
    throw new Error(`${name} is not set: copy .env.example to .env, or start with npm run demo:web.`);
  return value;
}
