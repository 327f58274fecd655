/** What `npm run bench -- runtime` measures, each in a process of its own. */
export const topics = ['mutex', 'atomics', 'rwlock', 'queues', 'tls', 'padding'] as const;

export type Topic = (typeof topics)[number];
