// SPDX-License-Identifier: Apache-2.0

// Judge reads an exported audit log with the Go project's own packages for its checksum database
// (golang.org/x/mod/sumdb): the note, the root over our tiles, the inclusion of every entry, and that the
// tree continues smaller ones. Nothing of this project is linked.
//
//	judge FOLDER VKEY      prints "N entries", ends with 1 at the first thing that is wrong
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "judge: "+format+"\n", args...)
	os.Exit(1)
}

func must(err error, what string) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

// tiles hands the export's tiles to tlog, which checks each of them against the root.
type tiles struct {
	dir  string
	seen map[string][]byte
}

func (t *tiles) Height() int                     { return height }
func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, w := range wanted {
		// tile/8/L/N there, tile/L/N in c2sp.org/tlog-tiles
		path := "tile/" + strings.TrimPrefix(w.Path(), fmt.Sprintf("tile/%d/", height))
		data, ok := t.seen[path]
		if !ok {
			var err error
			if data, err = os.ReadFile(filepath.Join(t.dir, path)); err != nil {
				return nil, err
			}
			t.seen[path] = data
		}
		all = append(all, data)
	}
	return all, nil
}

func readTree(dir, vkey string) tlog.Tree {
	msg, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	must(err, "checkpoint")
	verifier, err := note.NewVerifier(vkey)
	must(err, "key")
	n, err := note.Open(msg, note.VerifierList(verifier))
	must(err, "checkpoint")
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		fail("the checkpoint is not one of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "size")
	root, err := base64.StdEncoding.DecodeString(lines[2])
	must(err, "root")
	tree := tlog.Tree{N: size}
	if copy(tree.Hash[:], root) != tlog.HashSize {
		fail("the root has %d bytes", len(root))
	}
	return tree
}

// entries calls each with every entry, from the bundles.
func entries(dir string, size int64, each func(i int64, leaf []byte)) {
	for first := int64(0); first < size; first += 1 << height {
		width := size - first
		if width > 1<<height {
			width = 1 << height
		}
		tile := tlog.Tile{H: height, L: 0, N: first >> height, W: int(width)}
		path := "tile/entries/" + strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/0/", height))
		data, err := os.ReadFile(filepath.Join(dir, path))
		must(err, "bundle")
		for i := first; i < first+width; i++ {
			if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
				fail("%s is cut off", path)
			}
			n := int(binary.BigEndian.Uint16(data))
			each(i, data[2:2+n])
			data = data[2+n:]
		}
		if len(data) != 0 {
			fail("%s: bytes behind the last entry", path)
		}
	}
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: judge FOLDER VKEY")
	}
	dir := os.Args[1]
	tree := readTree(dir, os.Args[2])
	hashes := tlog.TileHashReader(tree, &tiles{dir, map[string][]byte{}})

	root, err := tlog.TreeHash(tree.N, hashes)
	must(err, "root")
	if root != tree.Hash {
		fail("the tiles lead to another root")
	}
	entries(dir, tree.N, func(i int64, leaf []byte) {
		proof, err := tlog.ProveRecord(tree.N, i, hashes)
		must(err, "proof")
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, i, tlog.RecordHash(leaf)), fmt.Sprintf("entry %d", i))
	})
	for old := int64(1); old <= tree.N; old += 1 + tree.N/97 {
		oldRoot, err := tlog.TreeHash(old, hashes)
		must(err, "older root")
		proof, err := tlog.ProveTree(tree.N, old, hashes)
		must(err, "proof")
		must(tlog.CheckTree(proof, tree.N, tree.Hash, old, oldRoot), fmt.Sprintf("growth from %d", old))
	}
	fmt.Printf("%d entries\n", tree.N)
}
