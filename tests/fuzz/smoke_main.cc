// Runs a fuzz target without libFuzzer: every file of the corpora given, then mutations of them
// (and of nothing) for some seconds. With the sanitizers this finds the shallow bugs in every test
// run; long hunts use the `fuzz` preset.
//
//   target SECONDS [corpus folder ...]

#include <algorithm>
#include <chrono>
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

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
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
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(std::atoi(argv[1]));
  const std::vector<std::string> inputs = read_corpora(argc - 2, argv + 2);
  for (const std::string& input : inputs) run(input);
  Mutator mutator(inputs);
  std::uint64_t runs = inputs.size();
  for (; std::chrono::steady_clock::now() < until; ++runs) run(mutator.next());
  std::printf("%llu inputs\n", static_cast<unsigned long long>(runs));
  return 0;
}
