export const idle = { title: 'idle', run: async () => { throw new Error('not written'); } };
