export const restart = { title: 'restart', run: async () => { throw new Error('not written'); } };
