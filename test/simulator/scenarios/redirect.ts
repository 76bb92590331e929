import { onStage, type Scenario } from './stage.ts';

const HOME = 'https://api.example.com';

/**
 * P7: rows and the token are sent only to the configured origin, whatever a redirect says. An answer from elsewhere
 * proves nothing.
 */
export const redirect: Scenario = async (realm) => {
  const found: string[] = [];
  for (const target of [`${HOME}.evil.com/data`, 'https://evil.com/data', '//evil.com/data']) {
    const fetch = async (request: Request): Promise<Response> => {
      if (new URL(request.url).origin !== HOME) {
        found.push(`P7: rows were sent to ${request.url}`);
        return Response.json({ results: [{ status: 'success' }] });
      }
      return new Response(null, { status: 307, headers: { location: target } });
    };
    const transport = realm.writeApi({ url: `${HOME}/data`, fetch: fetch as never });
    await onStage(
      realm,
      { backend: () => ({ status: 200, text: '' }), options: { transport } },
      async (stage) => {
        stage.write('a');
        const uploading = stage.connector.uploadData(stage.handle).catch(() => {});
        await stage.scheduler.advance(1_000);
        await uploading;
        if (stage.file.count() === 0) found.push(`P1: a redirect to ${target} counted as applied`);
      },
    );
  }
  return found;
};
