export const silent = 1;
// laws: file-comment
