// Outside Next there is no client bundle, so the marker has nothing to forbid.
export {};
