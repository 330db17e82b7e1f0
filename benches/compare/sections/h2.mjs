export const h2 = { title: 'h2', run: async () => { throw new Error('not written'); } };
