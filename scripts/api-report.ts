// Compares the public API of each entry, taken from its built declarations, with the report in docs/api-report. So if a
// commit changes what users see, its diff shows it. `node scripts/api-report.ts --update` updates the reports.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const root = dirname(import.meta.dirname);
const folder = join(root, 'docs/api-report');
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const update = process.argv.includes('--update');
const problems: string[] = [];

const work = await mkdtemp(join(tmpdir(), 'api-report-'));
await mkdir(join(work, 'reports'));
try {
  const reports = new Map<string, string>();
  for (const [entry, { types }] of Object.entries<{ types?: string }>(manifest.exports)) {
    if (types) reports.set(`${entry === '.' ? 'index' : entry.slice(2)}.api.md`, await report(entry, types));
  }
  await (update ? write(reports) : compare(reports));
} finally {
  await rm(work, { recursive: true });
}
if (problems.length > 0) {
  console.error(`${problems.join('\n')}
The public API differs from docs/api-report. If you meant to change it, run "npm run api -- --update", commit the reports,
and say in the changeset what the change means for users. If you didn't, see above what was added (+) or removed (-).`);
  process.exitCode = 1;
} else {
  console.log(update ? 'docs/api-report is updated.' : 'The public API matches docs/api-report.');
}

/** The API of one entry as text. */
async function report(entry: string, types: string): Promise<string> {
  const name = entry === '.' ? 'index' : entry.slice(2);
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, types),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'ES2022',
            module: 'ESNext',
            moduleResolution: 'Bundler',
            lib: ['ES2022', 'DOM'],
            types: [],
          },
          files: [join(root, types)],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: name,
        reportFolder: join(work, 'reports'),
        reportTempFolder: work,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        // These are about doc comments, which TypeDoc checks, and about chunks of the bundler.
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  });
  const { errorCount } = Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      if (message.logLevel === ExtractorLogLevel.Error)
        problems.push(message.formatMessageWithLocation(root));
      message.handled = true;
    },
  });
  if (errorCount > 0) throw new Error(`There is no report of ${entry}:\n${problems.join('\n')}`);
  return readFile(join(work, 'reports', `${name}.api.md`), 'utf8');
}

async function write(reports: Map<string, string>): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, text] of reports) await writeFile(join(folder, name), text);
}

async function compare(reports: Map<string, string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!reports.has(name)) problems.push(`docs/api-report/${name}: there is no such entry any more.`);
  }
  for (const [name, text] of reports) {
    const committed = (await readFile(join(folder, name), 'utf8').catch(() => '')).split('\n');
    const now = text.split('\n');
    const added = now.filter((line) => !committed.includes(line)).map((line) => `  + ${line}`);
    const gone = committed.filter((line) => !now.includes(line)).map((line) => `  - ${line}`);
    if (committed.join('\n') !== text)
      problems.push([`docs/api-report/${name}:`, ...gone, ...added].join('\n'));
  }
}
