// Verifies a log of Reeve with nothing but golang.org/x/mod/sumdb: note opens the checkpoints, tlog rebuilds and proves.
// Nothing in here was made from Reeve's code; it is what an auditor could write from docs/audit-format.md.
//
//	verify  KEY LOG [OLD-CHECKPOINT]     the whole log, and that it goes on from an older checkpoint
//	receipt KEY RECEIPT ENTRY            one c2sp.org/tlog-proof@v1
//
// It prints what it found and ends with 0 only if all of it holds.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileWidth = 256

func main() {
	if len(os.Args) < 4 {
		fail("usage: verify KEY LOG [OLD-CHECKPOINT] | receipt KEY RECEIPT ENTRY")
	}
	key, err := note.NewVerifier(strings.TrimSpace(os.Args[2]))
	check(err, "the key")
	switch os.Args[1] {
	case "verify":
		old := ""
		if len(os.Args) > 4 {
			old = os.Args[4]
		}
		verify(key, os.Args[3], old)
	case "receipt":
		receipt(key, os.Args[3], os.Args[4])
	default:
		fail("unknown verb " + os.Args[1])
	}
}

// hashes holds the stored hashes of a tree, as tlog numbers them.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("hash %d is not there", index)
		}
		found[i] = h[index]
	}
	return found, nil
}

func verify(key note.Verifier, folder, old string) {
	tree := openCheckpoint(key, read(filepath.Join(folder, "checkpoint")))
	var stored hashes
	for done := int64(0); done < tree.N; {
		width := tree.N - done
		if width > tileWidth {
			width = tileWidth
		}
		name := tilePath("entries", done/tileWidth, width)
		for _, entry := range entries(read(filepath.Join(folder, name)), int(width), name) {
			checkEntry(entry, done)
			more, err := tlog.StoredHashes(done, entry, stored)
			check(err, "hashes")
			stored = append(stored, more...)
			done++
		}
	}
	root, err := tlog.TreeHash(tree.N, stored)
	check(err, "the root")
	if root != tree.Hash {
		fail(fmt.Sprintf("the root of %d entries is %v and not %v", tree.N, root, tree.Hash))
	}
	for index := int64(0); index*tileWidth < tree.N; index++ {
		checkTile(folder, stored, tree.N, index)
	}
	fmt.Printf("root rebuilt from %d entries\n", tree.N)
	if old == "" {
		return
	}
	before := openCheckpoint(key, read(old))
	proof, err := tlog.ProveTree(tree.N, before.N, stored)
	check(err, "making a consistency proof")
	check(tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash), "the consistency proof")
	fmt.Printf("consistent with %d entries\n", before.N)
}

// checkTile compares a tile of level 0 with the hashes of the entries.
func checkTile(folder string, stored hashes, size, index int64) {
	width := size - index*tileWidth
	if width > tileWidth {
		width = tileWidth
	}
	name := tilePath("0", index, width)
	bytes := read(filepath.Join(folder, name))
	if len(bytes) != int(width)*tlog.HashSize {
		fail(name + " is not as long as it must be")
	}
	for i := int64(0); i < width; i++ {
		hash := stored[tlog.StoredHashIndex(0, index*tileWidth+i)]
		if string(bytes[i*tlog.HashSize:(i+1)*tlog.HashSize]) != string(hash[:]) {
			fail(fmt.Sprintf("%s: hash %d is another", name, i))
		}
	}
}

func receipt(key note.Verifier, file, entry string) {
	head, checkpoint, found := strings.Cut(string(read(file)), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		fail("that is no receipt")
	}
	index, err := strconv.ParseInt(lines[1][len("index "):], 10, 64)
	check(err, "the index")
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		check(err, "a line of the proof")
		proof = append(proof, hash)
	}
	tree := openCheckpoint(key, []byte(checkpoint))
	check(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(read(entry))), "the receipt")
	fmt.Printf("entry %d is in the log of %d\n", index+1, tree.N)
}

// openCheckpoint takes a checkpoint apart that the key has signed: origin, size, root, and nothing else.
func openCheckpoint(key note.Verifier, bytes []byte) tlog.Tree {
	opened, err := note.Open(bytes, note.VerifierList(key))
	check(err, "the checkpoint")
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != key.Name() || lines[3] != "" {
		fail("the checkpoint is not of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "the size")
	root, err := base64.StdEncoding.DecodeString(lines[2])
	check(err, "the root")
	if len(root) != tlog.HashSize {
		fail("the root is no hash")
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree
}

// entries takes a bundle apart: each entry after its length in two bytes, big endian.
func entries(bundle []byte, count int, name string) [][]byte {
	var found [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
			fail(name + " is cut")
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		found = append(found, bundle[2:end])
		bundle = bundle[end:]
	}
	if len(found) != count {
		fail(fmt.Sprintf("%s has %d entries instead of %d", name, len(found), count))
	}
	return found
}

func checkEntry(bytes []byte, index int64) {
	var entry struct{ Seq int64 }
	check(json.Unmarshal(bytes, &entry), fmt.Sprintf("entry %d", index+1))
	if entry.Seq != index+1 {
		fail(fmt.Sprintf("entry %d says to be entry %d", index+1, entry.Seq))
	}
}

// tilePath is where C2SP's tlog-tiles puts a tile: in threes of digits, all but the last with an x before them.
func tilePath(level string, index, width int64) string {
	path := fmt.Sprintf("%03d", index%1000)
	for index >= 1000 {
		index /= 1000
		path = fmt.Sprintf("x%03d/%s", index%1000, path)
	}
	if width < tileWidth {
		path = fmt.Sprintf("%s.p/%d", path, width)
	}
	return "tile/" + level + "/" + path
}

func read(file string) []byte {
	bytes, err := os.ReadFile(file)
	check(err, "a file")
	return bytes
}

func check(err error, what string) {
	if err != nil {
		fail(what + ": " + err.Error())
	}
}

func fail(what string) {
	fmt.Fprintln(os.Stderr, "NOT VERIFIED: "+what)
	os.Exit(1)
}
