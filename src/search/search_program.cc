#include "search/search_program.h"

#include <algorithm>
#include <unordered_set>

#include "base/bytes.h"
#include "text/ascii.h"
#include "text/fold.h"

namespace posthorn::search {
namespace {

using message::SearchKey;
using Kind = SearchKey::Kind;
using Node = SearchProgram::Node;
using Operation = SearchProgram::Operation;

Node constant(bool value) {
  Node node;
  node.value = value;
  return node;
}

/// Returns a text that is equal only for equal conditions. Requires: no children.
std::string spell(const SearchKey& key) {
  std::string out;
  ByteWriter w(out);
  w.u8(static_cast<std::uint8_t>(key.kind));
  w.u8(static_cast<std::uint8_t>(key.flag));
  w.bytes(key.field);
  w.bytes(key.text);
  w.u64(key.number);
  w.u32(static_cast<std::uint32_t>(key.date.year));
  w.u8(key.date.month);
  w.u8(key.date.day);
  w.u8(key.set.saved_result ? 1 : 0);
  for (const SequenceSet::Range& range : key.set.ranges) {
    w.u32(range.a);
    w.u32(range.b);
  }
  return out;
}

class Compiler {
 public:
  Compiler(const store::Mailbox& mailbox, const SearchEnvironment& environment)
      : mailbox_(mailbox), environment_(environment) {}

  [[nodiscard]] std::uint32_t nodes() const { return nodes_; }
  /// Returns whether the sets had too many ranges; the compiled program is unusable then.
  [[nodiscard]] bool is_too_large() const { return ranges_ > SearchProgram::kMaxRanges; }

  Node compile(const SearchKey& key) {
    ++nodes_;
    switch (key.kind) {
      case Kind::all: return constant(true);
      case Kind::conjunction: return group(Operation::all_of, key);
      case Kind::disjunction: return group(Operation::any_of, key);
      case Kind::negation: return group(Operation::none_of, key);
      case Kind::flag_set: {
        Node node = of(Operation::system_flag);
        node.flag = bit(key.flag);
        return node;
      }
      case Kind::keyword: {
        const auto index = mailbox_.keywords->find(key.text);
        if (!index) return constant(false);
        Node node = of(Operation::keyword);
        node.keyword = *index;
        return node;
      }
      case Kind::recent:
        return environment_.recent == nullptr ? constant(false) : uids(*environment_.recent);
      case Kind::sequence: return resolve(key, false);
      case Kind::uid: return resolve(key, true);
      case Kind::from: return find(Operation::from, Depth::keys, key);
      case Kind::to: return find(Operation::to, Depth::keys, key);
      case Kind::cc: return find(Operation::cc, Depth::keys, key);
      case Kind::bcc: return find(Operation::bcc, Depth::keys, key);
      case Kind::subject: return find(Operation::subject, Depth::keys, key);
      case Kind::header: return header(key);
      case Kind::body: return find(Operation::body, Depth::body, key);
      case Kind::text: return find(Operation::text, Depth::body, key);
      case Kind::larger: return number(Operation::larger, key.number);
      case Kind::smaller: return number(Operation::smaller, key.number);
      case Kind::internal_before: return date(Operation::internal_before, Depth::row, key);
      case Kind::internal_on: return date(Operation::internal_on, Depth::row, key);
      case Kind::internal_since: return date(Operation::internal_since, Depth::row, key);
      case Kind::sent_before: return date(Operation::sent_before, Depth::keys, key);
      case Kind::sent_on: return date(Operation::sent_on, Depth::keys, key);
      case Kind::sent_since: return date(Operation::sent_since, Depth::keys, key);
      case Kind::saved_before: return date(Operation::saved_before, Depth::row, key);
      case Kind::saved_on: return date(Operation::saved_on, Depth::row, key);
      case Kind::saved_since: return date(Operation::saved_since, Depth::row, key);
      // RFC 5032 §3: OLDER means "at least", YOUNGER "at most" this many seconds ago.
      case Kind::older: return age(Operation::arrived_before, key);
      case Kind::younger: return age(Operation::arrived_since, key);
      case Kind::modseq: return number(Operation::modseq, key.number);
      case Kind::save_date_supported: return constant(true);
      case Kind::email_id: {
        if (environment_.ids->has_foreign()) {
          Node node = of(Operation::email, Depth::keys);
          node.field = key.text;
          node.ids = environment_.ids;
          return node;
        }
        const auto ordinal = environment_.ids->parse_email(key.text);
        return ordinal ? number(Operation::ordinal, ordinal->value) : constant(false);
      }
      case Kind::thread_id: {
        Node node = of(Operation::thread, Depth::keys);
        node.field = key.text;
        node.ids = environment_.ids;
        return node;
      }
    }
    return constant(false);
  }

 private:
  static Node of(Operation operation, Depth depth = Depth::row) {
    Node node;
    node.operation = operation;
    node.depth = depth;
    return node;
  }
  static Node number(Operation operation, std::uint64_t value) {
    Node node = of(operation);
    node.number = value;
    return node;
  }
  Node resolve(const SearchKey& key, bool uid) {
    if (is_too_large()) return constant(false);
    return uids(environment_.resolve(key.set, uid));
  }
  Node uids(const NumberSet& set) {
    ranges_ += set.ranges().size();
    if (is_too_large()) return constant(false);
    Node node = of(Operation::uid);
    node.set = set;
    return node;
  }
  static Node date(Operation operation, Depth depth, const SearchKey& key) {
    Node node = of(operation, depth);
    node.date = key.date;
    return node;
  }
  [[nodiscard]] Node age(Operation operation, const SearchKey& key) const {
    Node node = of(operation);
    const std::uint64_t most = INT64_MAX / 4;
    node.seconds = environment_.now.seconds - static_cast<std::int64_t>(std::min(key.number, most));
    return node;
  }
  [[nodiscard]] Node find(Operation operation, Depth depth, const SearchKey& key) const {
    // Digests have only folded texts; other comparators need the header.
    const bool folds = environment_.collation == text::Collation::unicode_casemap;
    Node node = of(operation, folds ? depth : std::max(depth, Depth::header));
    node.collation = environment_.collation;
    node.finder = text::Finder(text::collate(node.collation, key.text));
    return node;
  }
  /// For a field with a search key of its own, the result is the same as that key's.
  [[nodiscard]] Node header(const SearchKey& key) const {
    constexpr std::pair<std::string_view, Operation> kKnown[] = {
        {"from", Operation::from}, {"to", Operation::to},           {"cc", Operation::cc},
        {"bcc", Operation::bcc},   {"subject", Operation::subject},
    };
    if (!key.text.empty()) {
      for (const auto& [name, operation] : kKnown)
        if (text::iequals(key.field, name)) return find(operation, Depth::keys, key);
    }
    Node node = find(Operation::header, Depth::header, key);
    node.field = key.field;
    return node;
  }
  Node group(Operation operation, const SearchKey& key) {
    Node node = of(operation);
    std::unordered_set<std::string> seen;
    for (const SearchKey& child : key.children)
      if (!child.children.empty() || seen.insert(spell(child)).second)
        node.children.push_back(compile(child));
    // Cheap conditions first: they often decide.
    std::ranges::sort(node.children, {}, &Node::depth);
    for (const Node& child : node.children) node.depth = std::max(node.depth, child.depth);
    return node;
  }

  const store::Mailbox& mailbox_;
  const SearchEnvironment& environment_;
  std::uint32_t nodes_ = 0;
  std::size_t ranges_ = 0;  ///< In all sets so far.
};

}  // namespace

Result<SearchProgram> SearchProgram::compile(const SearchKey& key, const store::Mailbox& mailbox,
                                             const SearchEnvironment& environment) {
  SearchProgram program;
  Compiler compiler(mailbox, environment);
  program.root_ = compiler.compile(key);
  program.nodes_ = compiler.nodes();
  program.collation_ = environment.collation;
  program.note_reads(program.root_);
  if (environment.use_filters) program.note_needles(program.root_);
  if (compiler.is_too_large())
    return fail(ErrorKind::limit, "The search has too many sets of messages");
  return program;
}

namespace {

/// Returns grams of all messages for which the node can be true. SEARCH and the filters see each
/// header field as "Name: value" (store/read/searched_text.h). Keys that digests answer need no
/// filter: a filter costs nearly as much as comparing them.
std::vector<store::Gram> grams_of(const Node& node) {
  std::vector<store::Gram> grams;
  switch (node.operation) {
    case Operation::header: grams = store::grams_of(text::fold(node.field) + ": "); [[fallthrough]];
    case Operation::body:
    case Operation::text: {
      // A text that another comparator finds is also found folded, but not the other way round.
      const bool folds = node.collation == text::Collation::unicode_casemap;
      const auto more =
          store::grams_of(folds ? node.finder.needle() : text::fold(node.finder.needle()));
      grams.insert(grams.end(), more.begin(), more.end());
      break;
    }
    default: break;
  }
  return grams;
}

}  // namespace

void SearchProgram::note_reads(const Node& node) {
  for (const Node& child : node.children) note_reads(child);
  if (!node.children.empty()) return;
  reads_ |= bit(node.depth);
  if (node.operation == Operation::email || node.operation == Operation::thread)
    reads_origins_ = reads_origins_ || node.ids->has_foreign();
  // Keys may have been cut, and then the header is examined.
  if (node.depth == Depth::keys || node.operation == Operation::text) reads_ |= bit(Depth::header);
}

/// Gives each text its bit.
void SearchProgram::note_needles(Node& node) {
  for (Node& child : node.children) note_needles(child);
  if (needles_.size() == store::TextFilter::kMostNeedles) return;
  auto grams = grams_of(node);
  if (grams.empty()) return;
  node.needle = store::TextFilter::Needles{1} << needles_.size();
  needles_.push_back(std::move(grams));
}

const NumberSet* SearchProgram::bound() const {
  if (root_.operation == Operation::uid) return &root_.set;
  if (root_.operation == Operation::all_of) {
    for (const Node& child : root_.children)
      if (child.operation == Operation::uid) return &child.set;
  }
  return nullptr;
}

}  // namespace posthorn::search
