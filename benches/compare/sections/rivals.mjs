export const rivals = { title: 'rivals', run: async () => { throw new Error('not written'); } };
