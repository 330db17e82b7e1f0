export const stampede = { title: 'stampede', run: async () => { throw new Error('not written'); } };
