// Runs a fuzz target without libFuzzer: every file of the corpora given, then mutations of them
// (and of nothing) for some seconds. With the sanitizers this finds the shallow bugs in every test
// run; long hunts use the `fuzz` preset. When a target aborts, the input it was given is written to
// standard error as Python bytes, so that a failure in CI can be repeated.
//
//   target SECONDS [corpus folder ...]

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

/// The input that the target works on. A global because a signal handler needs it.
const std::string* current_input = nullptr;

/// Runs in a handler of SIGABRT: plain writes only, no allocation.
void print_current_input(int /*signal*/) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto write_all = [](const char* text, std::size_t size) {
    while (size > 0) {
      const ssize_t wrote = ::write(STDERR_FILENO, text, size);
      if (wrote <= 0) return;
      text += wrote;
      size -= static_cast<std::size_t>(wrote);
    }
  };
  if (current_input == nullptr) return;
  write_all("the input: b'", 13);
  for (const char c : *current_input) {
    const auto octet = static_cast<unsigned char>(c);
    const char escaped[] = {'\\', 'x', kHex[octet >> 4], kHex[octet & 15]};
    if (c >= ' ' && c < 0x7f && c != '\\' && c != '\'') {
      write_all(&c, 1);
    } else {
      write_all(escaped, sizeof escaped);
    }
  }
  write_all("'\n", 2);
}

void run(const std::string& input) {
  current_input = &input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  current_input = nullptr;
}

std::vector<std::string> read_corpora(int count, char** folders) {
  std::vector<std::string> inputs = {""};
  for (int i = 0; i < count; ++i) {
    if (!std::filesystem::is_directory(folders[i])) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folders[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    // The order of a folder's entries differs between file systems; the mutations depend on it.
    std::ranges::sort(inputs);
  }
  return inputs;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& inputs) : inputs_(inputs) {}

  std::string next() {
    std::string out = inputs_[pick(inputs_.size())];
    for (std::size_t n = pick(8) + 1; n > 0; --n) mutate(out);
    return out;
  }

 private:
  std::size_t pick(std::size_t bound) { return random_() % bound; }

  void mutate(std::string& out) {
    static constexpr std::string_view kInteresting =
        "\r\n\0 \"(){}[]<>=?&;:,*%+-/@\\09azAZ\x80\xc3\xff";
    const std::size_t at = out.empty() ? 0 : pick(out.size());
    switch (pick(6)) {
      case 0:
        out.insert(out.begin() + static_cast<std::ptrdiff_t>(at),
                   kInteresting[pick(kInteresting.size())]);
        break;
      case 1: out.insert(at, 1, static_cast<char>(pick(256))); break;
      case 2: out.erase(at, pick(16) + 1); break;
      case 3:
        if (!out.empty()) out[at] = static_cast<char>(pick(256));
        break;
      case 4: out.insert(at, out.substr(at, pick(64))); break;
      default: {
        const std::string& other = inputs_[pick(inputs_.size())];
        if (!other.empty()) out.insert(at, other.substr(pick(other.size()), pick(200)));
      }
    }
    constexpr std::size_t kMost = 64 << 10;
    if (out.size() > kMost) out.resize(kMost);
  }

  const std::vector<std::string>& inputs_;
  std::mt19937 random_{20261123};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s SECONDS [corpus folder ...]\n", argv[0]);
    return 2;
  }
  std::signal(SIGABRT, print_current_input);
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[1]));
  const std::vector<std::string> inputs = read_corpora(argc - 2, argv + 2);
  for (const std::string& input : inputs) run(input);
  Mutator mutator(inputs);
  std::uint64_t runs = inputs.size();
  for (; std::chrono::steady_clock::now() < until; ++runs) run(mutator.next());
  std::printf("%llu inputs\n", static_cast<unsigned long long>(runs));
  return 0;
}
