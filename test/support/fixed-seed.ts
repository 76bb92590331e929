// Property tests try the same values in each run, so that a failure is reproducible. `FC_SEED=1 npm test` tries others.
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 19_930_501) });
