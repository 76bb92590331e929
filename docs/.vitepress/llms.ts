// llms.txt (what there is, and where) and llms-full.txt (the guide in one file), for assistants that write code with the
// package: what isn't in them doesn't exist.
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pages } from './pages.ts';

const docs = dirname(import.meta.dirname);
const root = dirname(docs);
const { name, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const RULES = `- ESM, named exports only. What an entry exports is listed at the end; nothing else exists.
- \`new BackendConnector(options)\` needs \`endpoint\` (the PowerSync Service), \`credentials\` and \`transport\`. An unknown option is a
  TypeError. Pass the connector to \`db.connect(connector)\`.
- Never call \`complete()\`, \`getCrudBatch()\` or \`getNextCrudTransaction()\` in a transport: it only returns outcomes. The SDK calls
  \`uploadData()\`; apps call \`drain()\`.
- \`credentials()\` returns \`{ token }\`, or null when nobody is signed in, and throws when that can't be known (offline).
- A failure is an \`UploadError\` with a \`code\` of a closed set. Recognise it by \`isUploadError()\`, not by \`instanceof\`.
- Refused writes are in the table \`connector_rejected_writes\`; read and mend them with \`${name}/rejections\`.
- For signing out use \`connector.drainAndClear(db, { unsent })\`, not \`db.disconnectAndClear()\`, which drops what is queued.
- Methods of a connector: \`drain\`, \`keepUploading\`, \`setOwner\`, \`drainAndClear\`, \`disconnect\`, \`resetBreaker\`, \`subscribe\`, \`close\`, and
  the property \`status\`. All work detached (\`const { drain } = connector\`) and through a proxy.`;

export function llmsTxt(): string {
  const groups = guide().map(({ text, items }) => {
    const lines = items.map(({ text, link, about }) => `- [${text}](${link.slice(1)}): ${about}`);
    return `## ${text}\n\n${lines.join('\n')}`;
  });
  return `${[`# ${name}`, `> ${description}`, RULES, ...groups, exportedNames()].join('\n\n')}\n`;
}

export function llmsFullTxt(): string {
  const texts = guide().flatMap(({ items }) => items.map(({ markdown }) => markdown));
  return `${[`> ${description}`, RULES, ...texts, exportedNames()].join('\n\n')}\n`;
}

export async function writeLlms(folder: string): Promise<void> {
  await writeFile(join(folder, 'llms.txt'), llmsTxt());
  await writeFile(join(folder, 'llms-full.txt'), llmsFullTxt());
}

/** The pages that are written by hand. */
function guide() {
  return pages
    .map(({ text, items }) => ({
      text,
      items: items.filter(({ about }) => about).map((page) => ({ ...page, markdown: read(page.link) })),
    }))
    .filter(({ items }) => items.length > 0);
}

function read(link: string): string {
  return visible(readFileSync(join(docs, link.endsWith('/') ? `${link}README.md` : `${link}.md`), 'utf8'));
}

/** Without what examples need but don't show. */
function visible(markdown: string): string {
  return markdown.replaceAll(/^<!--[\s\S]*?-->\n/gm, '').trim();
}

function exportedNames(): string {
  const lines = readFileSync(join(root, 'test/packed/exports.txt'), 'utf8').trim().split('\n');
  const byEntry = Map.groupBy(lines, (line) => line.split(' ')[0] ?? '');
  const list = [...byEntry].map(
    ([entry, all]) =>
      `- \`${join(name, entry)}\`: ${all.map((line) => line.slice(entry.length + 1)).join(', ')}`,
  );
  return `## All exports\n\n${list.join('\n')}`;
}
