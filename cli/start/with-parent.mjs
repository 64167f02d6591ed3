// Loaded before a room's main (`node --import`): the room ends when the process that started it is gone, however that one ended.
if (process.channel) {
  process.channel.unref()
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"))
}
