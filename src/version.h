#define VERSION "0.1"
