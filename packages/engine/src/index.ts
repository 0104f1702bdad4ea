export * from './public-connector-api.ts';
