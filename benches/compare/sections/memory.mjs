export const memory = { title: 'memory', run: async () => { throw new Error('not written'); } };
