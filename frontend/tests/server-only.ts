// Outside Next nothing tells server from client: the marker has nothing to forbid.
export {};
