// Property tests try the same values in every run, so that a run that fails fails again. `FC_SEED=1 npm test` tries others.
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 19_930_501) });
