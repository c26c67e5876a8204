// Where another file system than the one of temporary folders stands on Linux.
// Only a place: who uses it makes a folder of its own there.

/** Always a tmpfs, and never the file system of os.tmpdir(). */
export const OTHER_FILE_SYSTEM = '/dev/shm';
