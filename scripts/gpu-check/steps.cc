// Runs the checks one after the other in order of worth, each with a time limit, and writes gpu-check.json
// and gpu-check.md after each: what was shown before a cut-off is kept. The exit code is 1 if a step failed.
//   steps FOLDER [--budget SECONDS] [--out FOLDER] [--only STEP,STEP]
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

using Words = std::vector<std::string>;
using Clock = std::chrono::steady_clock;

struct Step {
  std::string name;
  std::string question;
  int limit_s;
  Words command;
  bool clocks = false;  // whether clocks and power are read meanwhile
  // Results:
  std::string status = "not-run";
  std::string reason = "the time was used up by earlier steps";
  double seconds = 0;
  int exit_code = -1;
  std::vector<std::string> records;
  std::string text;  // what else it printed, at most kMostText at its end
  std::string clocks_text;
};

static const size_t kMostText = 6000;
static const int kLeastSeconds = 3;

static std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    char escaped[8];
    std::snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < ' ' || byte >= 0x7f) {
      out += escaped;
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

static std::string Joined(const Words& words, const char* between) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

static std::string Seconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", seconds);
  return text;
}

static double Since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Whether a program is on the PATH, or there if its name has a slash.
static bool IsThere(const std::string& program) {
  if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
  const char* const path = getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');)
    if (access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  return false;
}

// In a group of its own, so that what it starts ends with it.
static pid_t Start(const Words& command, const std::string& output) {
  const pid_t child = fork();
  if (child != 0) return child;
  setpgid(0, 0);
  const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  dup2(file, 1), dup2(file, 2);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

static void End(pid_t child) { kill(-child, SIGKILL), kill(child, SIGKILL); }

static std::string ReadAll(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// Median and range of each column of numbers that nvidia-smi printed.
static std::string ClocksOf(const std::string& text) {
  static const char* const kUnits[] = {"MHz", "MHz of memory", "W", "degrees"};
  std::vector<double> columns[4];
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    double x[4];
    if (std::sscanf(line.c_str(), "%lf, %lf, %lf, %lf", &x[0], &x[1], &x[2], &x[3]) != 4) continue;
    for (int i = 0; i < 4; ++i) columns[i].push_back(x[i]);
  }
  std::string out;
  for (int i = 0; i < 4 && !columns[i].empty(); ++i) {
    std::sort(columns[i].begin(), columns[i].end());
    char part[96];
    std::snprintf(part, sizeof(part), "%s%g %s (%g to %g)", i == 0 ? "" : ", ",
                  columns[i][columns[i].size() / 2], kUnits[i], columns[i].front(), columns[i].back());
    out += part;
  }
  return out.empty() ? "not known" : out;
}

static void Run(Step* step, double left_s, const std::string& scratch) {
  if (!IsThere(step->command[0])) {
    step->status = "skipped";
    step->reason = "there is no " + step->command[0];
    return;
  }
  const int limit = std::min<int>(step->limit_s, static_cast<int>(left_s));
  const std::string output = scratch + "/output", clock_output = scratch + "/clocks";
  pid_t watch = -1;
  if (step->clocks && IsThere("nvidia-smi"))
    watch = Start({"nvidia-smi", "--query-gpu=clocks.sm,clocks.mem,power.draw,temperature.gpu",
                   "--format=csv,noheader,nounits", "-i", "0", "-lms", "200"},
                  clock_output);
  const auto start = Clock::now();
  const pid_t child = Start(step->command, output);
  int status = 0;
  bool over = false;
  pid_t ended = 0;
  while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
    if (Since(start) > limit && !over) {
      over = true;
      End(child);
    }
    // A process in an uninterruptible call of the driver outlives SIGKILL: it is left behind.
    if (over && Since(start) > limit + 5) break;
    usleep(20000);
  }
  End(child);
  if (watch > 0) {
    End(watch);
    waitpid(watch, nullptr, 0);
    step->clocks_text = ClocksOf(ReadAll(clock_output));
  }
  step->seconds = Since(start);
  step->exit_code = ended == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  std::istringstream lines(ReadAll(output));
  bool only_skipped = true;
  std::string skipped;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] == '{' && line.back() == '}') {
      step->records.push_back(line);
      if (line.rfind("{\"skipped\":", 0) == 0) {
        skipped = line;
      } else {
        only_skipped = false;
      }
    } else {
      step->text += line + "\n";
    }
  }
  if (step->text.size() > kMostText) step->text = "...\n" + step->text.substr(step->text.size() - kMostText);
  if (over) {
    step->status = "timeout";
    step->reason = "it did not end within " + std::to_string(limit) + " s";
  } else if (step->exit_code != 0) {
    step->status = "failed";
    step->reason = step->exit_code > 0 ? "it ended with " + std::to_string(step->exit_code)
                                       : "it was ended by a signal: " + std::to_string(WTERMSIG(status));
  } else if (!skipped.empty() && only_skipped) {
    step->status = "skipped";
    step->reason = skipped.substr(11, skipped.size() - 12);
  } else {
    step->status = "ok";
    step->reason = "";
  }
}

static bool IsFailure(const Step& step) { return step.status == "failed" || step.status == "timeout"; }

static bool Contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// The value of a field in a flat line of JSON, without quotes.
static std::string Field(const std::string& line, const char* name) {
  const std::string key = std::string("\"") + name + "\":";
  const size_t at = line.find(key);
  if (at == std::string::npos) return "";
  size_t start = at + key.size();
  if (line[start] == ' ') ++start;
  if (line[start] == '"') return line.substr(start + 1, line.find('"', start + 1) - start - 1);
  return line.substr(start, line.find_first_of(",}", start) - start);
}

static std::string Json(const std::vector<Step>& steps, const std::string& started, double elapsed,
                        double budget) {
  int failed = 0;
  for (const Step& step : steps) failed += IsFailure(step);
  std::string out = "{\n\"schema\":\"bytesper/gpu-check@1\",\n\"startedAt\":" + Quoted(started) +
                    ",\n\"elapsedSeconds\":" + Seconds(elapsed) + ",\n\"budgetSeconds\":" + Seconds(budget) +
                    ",\n\"failedSteps\":" + std::to_string(failed) + ",\n\"steps\":[";
  bool first = true;
  for (const Step& step : steps) {
    out += first ? "\n" : ",\n";
    first = false;
    out += "{\"name\":" + Quoted(step.name) + ",\"question\":" + Quoted(step.question) +
           ",\"status\":" + Quoted(step.status) + ",\"seconds\":" + Seconds(step.seconds);
    if (!step.reason.empty()) out += ",\"reason\":" + Quoted(step.reason);
    if (!step.clocks_text.empty()) out += ",\"clocks\":" + Quoted(step.clocks_text);
    if (step.exit_code >= 0) out += ",\"exitCode\":" + std::to_string(step.exit_code);
    out += ",\"command\":" + Quoted(Joined(step.command, " ")) + ",\"records\":[" +
           Joined(step.records, ",\n") + "],\"text\":" + Quoted(step.text) + "}";
  }
  return out + "\n]}\n";
}

static std::string Markdown(const std::vector<Step>& steps, const std::string& started, double elapsed) {
  std::ostringstream out;
  out << "# Check of the CUDA kernels on a device\n\nStarted at " << started << ", " << Seconds(elapsed)
      << " s so far.\n\n| step | question | outcome | seconds |\n| --- | --- | --- | ---: |\n";
  for (const Step& step : steps)
    out << "| " << step.name << " | " << step.question << " | " << step.status
        << (step.reason.empty() ? "" : ": " + step.reason) << " | " << Seconds(step.seconds) << " |\n";
  for (const Step& step : steps) {
    if (step.status == "not-run" || step.status == "skipped") continue;
    Words wrong, rates, decodes;
    double worst = 0;
    std::string worst_kernel;
    int checked = 0;
    for (const std::string& line : step.records) {
      if (Contains(line, "\"ok\":false")) wrong.push_back(line);
      if (Contains(line, "\"tflops\":")) rates.push_back(line);
      if (Contains(line, "\"sequences\":") && Contains(line, "\"gbPerSecond\":")) decodes.push_back(line);
      if (!Contains(line, "\"error\":")) continue;
      ++checked;
      const double share = std::atof(Field(line, "error").c_str()) / std::atof(Field(line, "limit").c_str());
      if (share > worst) worst = share, worst_kernel = Field(line, "kernel") + Field(line, "code");
    }
    if (wrong.empty() && rates.empty() && decodes.empty() && checked == 0 && step.text.empty()) continue;
    out << "\n## " << step.name << "\n\n";
    if (checked > 0)
      out << checked << " results were compared with double precision; the largest error is " << worst
          << " of what is allowed" << (worst_kernel.empty() ? "" : " (" + worst_kernel + ")") << ".\n\n";
    if (!step.clocks_text.empty()) out << "Clocks and power meanwhile: " << step.clocks_text << ".\n\n";
    if (!rates.empty())
      out << "| what | head dimension | causal | tokens | median ms | TFLOP/s |\n| --- | ---: | --- | ---: | "
             "---: | ---: |\n";
    for (const std::string& line : rates)
      out << "| " << Field(line, "kernel") << Field(line, "peer") << " | " << Field(line, "headDim") << " | "
          << Field(line, "causal") << " | " << Field(line, "tokens") << " | " << Field(line, "medianMs")
          << " | " << Field(line, "tflops") << " |\n";
    if (!decodes.empty())
      out << "| what | cache | head dimension | sequences | tokens | median ms | GB/s | of a plain read |\n| "
             "--- | "
             "--- | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    for (const std::string& line : decodes)
      out << "| " << Field(line, "kernel") << Field(line, "peer") << " | " << Field(line, "cache") << " | "
          << Field(line, "headDim") << " | " << Field(line, "sequences") << " | " << Field(line, "tokens")
          << " | " << Field(line, "medianMs") << " | " << Field(line, "gbPerSecond") << " | "
          << Field(line, "shareOfPlainRead") << " |\n";
    for (const std::string& line : wrong) out << "\nWrong: `" << line << "`\n";
    if (!step.text.empty()) out << "\n```\n" << step.text << "```\n";
  }
  return out.str();
}

static void Write(const std::string& file, const std::string& text) {
  const std::string beside = file + ".part";
  std::ofstream(beside, std::ios::binary) << text;
  std::rename(beside.c_str(), file.c_str());
}

static std::vector<Step> Steps(const std::string& here) {
  const std::string kernels = here + "/kernels", base = here + "/fatbin/base.fatbin";
  const auto sanitizer = [&](const char* tool, const char* mode, const char* part) -> Words {
    return {"compute-sanitizer", "--tool", tool, "--error-exitcode", "9", kernels, base, mode, part};
  };
  std::vector<Step> steps = {
      {"machine",
       "Which device, driver and clocks?",
       20,
       {"nvidia-smi",
        "--query-gpu=name,driver_version,memory.total,memory.used,memory.free,memory.reserved,clocks.sm,"
        "power.limit,mig.mode.current",
        "--format=csv"}},
      {"small", "Is each kernel right at odd sizes, and the same in each run?", 90, {kernels, base, "small"}},
      {"decode", "Is decode right over dense, paged and 8-bit caches?", 60, {kernels, base, "decode"}},
      {"host", "Is the project's own way to each kernel right?", 60, {kernels, base, "host"}},
      {"pool", "Do pools count, keep their cap and survive out of memory?", 40, {kernels, base, "pool"}},
      {"nvml", "Does NVML's used include its reserved?", 20, {kernels, base, "nvml"}},
      {"fault", "Is an illegal address told, and does it stay?", 20, {kernels, base, "fault"}},
      {"memcheck", "Does a kernel touch memory that is not its own?", 90, sanitizer("memcheck", "small", "")},
      {"memcheck decode", "Does decode touch memory that is not its own?", 90,
       sanitizer("memcheck", "decode", "")},
      {"synccheck", "Are barriers used as they must be?", 60, sanitizer("synccheck", "small", "d64")},
      {"all", "Is each kernel right up to 32k tokens?", 150, {kernels, base, "all"}},
      {"decode all",
       "Is decode right up to 64k tokens and 256 sequences?",
       60,
       {kernels, base, "decode-all"}},
      {"decode speed",
       "How close does decode come to a plain read? Launches are queued, after a warm-up.",
       60,
       {kernels, base, "decode-speed", "20"},
       true},
      {"torch decode",
       "How fast do PyTorch's back ends decode, timed in the same way?",
       60,
       {"python3", here + "/torch_sdpa.py", "--decode", "--runs", "20"},
       true},
      {"speed",
       "How fast are ours? Launches are queued, after a warm-up.",
       60,
       {kernels, base, "speed", "20"},
       true},
      {"torch",
       "How fast are PyTorch's back ends, timed in the same way?",
       120,
       {"python3", here + "/torch_sdpa.py", "--runs", "20"},
       true},
      {"speed again", "Are ours the same after the peers?", 60, {kernels, base, "speed", "20"}, true},
  };
  // Other images with the same kernel names, for comparison.
  if (DIR* folder = opendir((here + "/fatbin").c_str())) {
    Words names;
    while (const dirent* entry = readdir(folder)) {
      const std::string name = entry->d_name;
      if (name.size() > 7 && name.substr(name.size() - 7) == ".fatbin" && name != "base.fatbin")
        names.push_back(name);
    }
    closedir(folder);
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      const std::string file = here + "/fatbin/" + name;
      steps.push_back(
          {"right: " + name, "Is this variant right at odd sizes?", 60, {kernels, file, "small"}});
      steps.push_back({"decode: " + name, "Is its decode right?", 60, {kernels, file, "decode"}});
      steps.push_back(
          {"speed: " + name, "How fast is this variant?", 60, {kernels, file, "speed", "20"}, true});
    }
  }
  steps.push_back(
      {"racecheck", "Do threads race in shared memory?", 60, sanitizer("racecheck", "small", "fp16_d64")});
  steps.push_back(
      {"racecheck decode", "And in decode?", 60, sanitizer("racecheck", "decode", "bf16_bf16_d64")});
  steps.push_back({"counters",
                   "What does the fastest kernel wait for?",
                   60,
                   {"ncu", "--clock-control", "none", "-k", "regex:flash_.*bf16_d128_full", "-s", "30", "-c",
                    "1", "--section", "SpeedOfLight", "--section", "WarpStateStats", "--section",
                    "MemoryWorkloadAnalysis", kernels, base, "speed", "1"}});
  return steps;
}

int main(int count, char** arguments) {
  if (count < 2)
    return std::fprintf(stderr, "steps FOLDER [--budget SECONDS] [--out FOLDER] [--only STEP,STEP]\n"), 2;
  const std::string here = arguments[1];
  std::string out = here, only;
  double budget = 470;
  for (int i = 2; i < count; i += 2) {
    const std::string option = arguments[i];
    if (i + 1 >= count || (option != "--budget" && option != "--out" && option != "--only"))
      return std::fprintf(stderr,
                          "%s is no option, or has no value; give --budget SECONDS, --out FOLDER or --only "
                          "STEP,STEP\n",
                          arguments[i]),
             2;
    if (option == "--out") out = arguments[i + 1];
    if (option == "--only") only = "," + std::string(arguments[i + 1]) + ",";
    if (option == "--budget") budget = std::atof(arguments[i + 1]);
  }
  if (!(budget > 0)) return std::fprintf(stderr, "--budget must be a number of seconds above 0\n"), 2;
  char scratch[] = "/tmp/gpu-check-XXXXXX";
  if (mkdtemp(scratch) == nullptr) return std::perror("a folder for the output of steps"), 2;
  char started[32];
  const std::time_t now = std::time(nullptr);
  std::strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  const auto start = Clock::now();
  std::vector<Step> steps = Steps(here);
  int failed = 0;
  for (Step& step : steps) {
    const double left = budget - Since(start);
    if (!only.empty() && only.find("," + step.name + ",") == std::string::npos) {
      step.status = "skipped";
      step.reason = "--only leaves it out";
    } else if (left >= kLeastSeconds) {
      Run(&step, left, scratch);
    }
    failed += IsFailure(step);
    Write(out + "/gpu-check.json", Json(steps, started, Since(start), budget));
    Write(out + "/gpu-check.md", Markdown(steps, started, Since(start)));
    std::printf("%-12s %-8s %6.1f s %s\n", step.name.c_str(), step.status.c_str(), step.seconds,
                step.reason.c_str());
    std::fflush(stdout);
  }
  for (const char* name : {"/output", "/clocks"}) unlink((std::string(scratch) + name).c_str());
  rmdir(scratch);
  std::printf("%d of %zu steps failed; %s/gpu-check.md\n", failed, steps.size(), out.c_str());
  return failed > 0;
}
