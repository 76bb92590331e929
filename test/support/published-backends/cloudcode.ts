import { applyToPostgres } from './nodejs.ts';
import { issueToken, messageOf, NOT_FOUND, type Said, type StandIn, startStandIn } from './stand-in.ts';

/** A stand-in for the CloudCode template. Its answers to failures are not known. Here they are 500 with a text. */
export function startCloudcode(): Promise<StandIn> {
  return startStandIn(({ method, path, query, json = {} }, standIn): Said => {
    switch (`${method} ${path}`) {
      case 'GET /token':
        return { status: 200, body: { token: issueToken(standIn, query.get('user_id'), 300) } };
      case 'POST /upload':
        try {
          applyToPostgres(standIn.store, json.batch);
          return { status: 200 };
        } catch (error) {
          return { status: 500, body: messageOf(error) };
        }
      default:
        return NOT_FOUND;
    }
  });
}
