// The program that a host runs: imports every entry, tells the story to the backend, and prints what became of it.
import { tellStory } from './story.ts';

const [, , url = '', nobody = '', ...entries] = process.argv;
for (const entry of entries) await import(entry);
console.log(JSON.stringify(await tellStory(url, nobody)));
