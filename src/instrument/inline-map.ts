/** Source maps carried inside the code as a comment with a data URL. */

const pattern = /\/\/[#@] sourceMappingURL=data:application\/json[^,]*?(;base64)?,([^\s]+)\s*$/;

/** The map at the end of `code`, as JSON text; undefined when there is none or it is in another file. */
export function inlineMap(code: string): string | undefined {
  const match = pattern.exec(code);
  if (match === null) return undefined;
  return match[1] === undefined
    ? decodeURIComponent(match[2]!)
    : Buffer.from(match[2]!, 'base64').toString('utf8');
}

/** `code` with `map` in place of the map it may have had. */
export function withInlineMap(code: string, map: string): string {
  const bare = code.replace(pattern, '');
  return `${bare}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}\n`;
}
