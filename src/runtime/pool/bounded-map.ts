/** A map over items of which at most so many are going on at a time. */

/**
 * The results in the order of the items. Items are taken only when there is room for them. Rejects with the first error; items that have not
 * begun are not begun then, and those that have are waited for.
 *
 * @throws RangeError when concurrency is no whole number from 1 on
 */
export async function boundedMap<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  concurrency: number,
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new RangeError(`concurrency of map is a whole number from 1 on, got ${concurrency}`);
  const results: Result[] = [];
  const going = new Set<Promise<void>>();
  let failed: { readonly error: unknown } | undefined;
  let index = 0;
  for await (const item of items) {
    if (failed !== undefined) break;
    const place = index;
    index += 1;
    const one: Promise<void> = run(item)
      .then(
        (result) => {
          results[place] = result;
        },
        (error: unknown) => {
          failed ??= { error };
        },
      )
      .finally(() => going.delete(one));
    going.add(one);
    if (going.size >= concurrency) await Promise.race(going);
  }
  await Promise.all(going);
  if (failed !== undefined) throw failed.error;
  return results;
}
