import { PowerSyncContext } from '@powersync/react';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { db } from './data/database.ts';
import { resume } from './data/session.ts';
import './styles/base.css';
import './styles/app.css';

await resume(); // the queries need the tables that it creates
createRoot(document.querySelector('#app') as Element).render(
  <StrictMode>
    <PowerSyncContext value={db}>
      <App />
    </PowerSyncContext>
  </StrictMode>,
);
