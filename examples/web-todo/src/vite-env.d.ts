/// <reference types="vite/client" />

interface ImportMetaEnv {
  readonly VITE_POWERSYNC_URL?: string;
  readonly VITE_BACKEND_URL?: string;
}
