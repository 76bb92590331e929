/** Called with the text of a warning. */
export type Warn = (message: string) => void;

const toConsole: Warn = (message) => console.warn(message);

/** Makes a function that passes on one warning for each `about`. It never throws: a warning must not cost a write. */
export function warnOnce(warn: Warn = toConsole): (about: string, message: string) => void {
  const given = new Set<string>();
  return (about, message) => {
    if (given.has(about)) return;
    given.add(about);
    try {
      warn(`powersync-backend-connector: ${message}`);
    } catch (error) {
      console.error('powersync-backend-connector: a warning could not be given', error);
    }
  };
}
