#include "proc_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "proc_directory.h"

namespace bytesper::supervisor {

namespace {

// status has about 1.5 KiB, and a line with all supplementary groups, of which few users have many.
constexpr size_t kFileSize = 8192;

// Finds the number after `name`, which must begin a line and end with a colon. The file's kB are 1024 bytes.
bool FindKilobytes(const char* text, const char* name, uint64_t* bytes) {
  const size_t length = strlen(name);
  for (const char* line = text; line != nullptr; line = strchr(line, '\n')) {
    if (*line == '\n') ++line;
    if (strncmp(line, name, length) != 0) continue;
    char* end = nullptr;
    const unsigned long long kilobytes = strtoull(line + length, &end, 10);
    if (end == line + length || strncmp(end, " kB", 3) != 0) return false;
    *bytes = kilobytes * 1024;
    return true;
  }
  return false;
}

}  // namespace

ProcPath::ProcPath(pid_t pid, const char* file) {
  Append("/proc/");
  AppendNumber(pid);
  Append("/");
  Append(file);
}

ProcPath::ProcPath(pid_t pid, pid_t thread, const char* file) {
  Append("/proc/");
  AppendNumber(pid);
  Append("/task/");
  AppendNumber(thread);
  Append("/");
  Append(file);
}

void ProcPath::Append(const char* text) {
  const size_t length = strlen(text);
  if (length >= sizeof(text_) - size_) return;
  memcpy(text_ + size_, text, length + 1);
  size_ += length;
}

void ProcPath::AppendNumber(pid_t number) {
  char digits[12];
  char* start = digits + sizeof(digits) - 1;
  *start = '\0';
  for (unsigned int rest = static_cast<unsigned int>(number);
       start == digits + sizeof(digits) - 1 || rest > 0; rest /= 10) {
    *--start = static_cast<char>('0' + rest % 10);
  }
  Append(start);
}

ssize_t ReadStart(const char* path, char* buffer, size_t capacity) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  size_t held = 0;
  while (held < capacity - 1) {
    const ssize_t got = read(fd, buffer + held, capacity - 1 - held);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int error = errno;
      close(fd);
      return -error;
    }
    if (got == 0) break;
    held += static_cast<size_t>(got);
  }
  close(fd);
  buffer[held] = '\0';
  return static_cast<ssize_t>(held);
}

bool ReadStat(pid_t pid, ProcessStat* stat) {
  char buffer[1024];
  if (ReadStart(ProcPath(pid, "stat").text(), buffer, sizeof(buffer)) <= 0) return false;
  // The second field is the program's name in parentheses. It may contain spaces and parentheses.
  const char* field = strrchr(buffer, ')');
  if (field == nullptr || field[1] != ' ') return false;
  field += 2;
  stat->state = *field;
  for (int number = 4; number <= 22; ++number) {
    field = strchr(field, ' ');
    if (field == nullptr) return false;
    ++field;
    if (number == 4) stat->parent = static_cast<pid_t>(strtol(field, nullptr, 10));
    if (number == 20) stat->threads = strtoll(field, nullptr, 10);
  }
  stat->start_ticks = strtoll(field, nullptr, 10);
  return true;
}

bool IsAlive(const ProcessStat& stat) {
  const bool first_thread_ended = stat.state == 'Z' || stat.state == 'X';
  return !first_thread_ended || stat.threads > 1;
}

pid_t ThreadWithMemory(pid_t pid) {
  ProcessStat stat;
  if (!ReadStat(pid, &stat) || stat.state != 'Z' || stat.threads <= 1) return pid;
  ProcDirectory threads(ProcPath(pid, "task").text());
  int thread = 0;
  while (threads.Next(&thread)) {
    if (thread != pid) return thread;
  }
  return pid;
}

MemoryRead ReadRss(pid_t pid, uint64_t* bytes) {
  char buffer[128];
  const ssize_t got = ReadStart(ProcPath(pid, "statm").text(), buffer, sizeof(buffer));
  if (got == -EACCES || got == -EPERM) return MemoryRead::kRefused;
  if (got <= 0) return MemoryRead::kNone;
  const char* resident = strchr(buffer, ' ');
  if (resident == nullptr) return MemoryRead::kNone;
  *bytes = strtoull(resident, nullptr, 10) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return MemoryRead::kDone;
}

bool ReadStatus(pid_t pid, StatusMemory* memory) {
  char buffer[kFileSize];
  if (ReadStart(ProcPath(pid, "status").text(), buffer, sizeof(buffer)) <= 0) return false;
  memory->rss_bytes = 0;
  memory->hwm_bytes = 0;
  FindKilobytes(buffer, "VmRSS:", &memory->rss_bytes);
  FindKilobytes(buffer, "VmHWM:", &memory->hwm_bytes);
  return true;
}

MemoryRead ReadPss(pid_t pid, uint64_t* bytes) {
  char buffer[2048];
  const ssize_t got = ReadStart(ProcPath(pid, "smaps_rollup").text(), buffer, sizeof(buffer));
  if (got == -ESRCH || got == 0) return MemoryRead::kNone;
  if (got > 0) return FindKilobytes(buffer, "Pss:", bytes) ? MemoryRead::kDone : MemoryRead::kRefused;
  // Kernels before 4.14 do not have this file. A process that has ended does not have it either.
  ProcessStat stat;
  return ReadStat(pid, &stat) && IsAlive(stat) ? MemoryRead::kRefused : MemoryRead::kNone;
}

}  // namespace bytesper::supervisor
