export const fill = { title: 'fill', run: async () => { throw new Error('not written'); } };
